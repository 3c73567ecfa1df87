import {session, settingUp} from '../state/app';
import {words} from '../i18n/language';
import {Devices} from './devices';
import {FirstUser} from './first_user';
import {Header} from './header';
import {SheetForRoute} from './routes';
import {SignIn} from './sign_in';

export function App() {
  if (session.value === undefined) return <p class="centre quiet" role="status">{words.value.loading}</p>;
  if (session.value === null) return <SignIn />;
  if (settingUp.value) return <FirstUser />;
  return (
    <>
      <Header who={session.value} />
      <Devices />
      <SheetForRoute />
    </>
  );
}
